foreach(file inbox subscription track socket)
  unit(agents ${file} consign_agent_parts)
endforeach()
